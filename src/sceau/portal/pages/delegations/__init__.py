"""Third parties: designated by structures, with teams, for hundreds of clients; seen by the desk."""
