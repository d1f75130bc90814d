"""« De quoi ai-je besoin ? »: from what people want to do to an order that is already filled in."""
