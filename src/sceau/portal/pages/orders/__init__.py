"""Form 413 in the browser, and the follow-up of orders for those who are part of them."""
