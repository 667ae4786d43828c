"""What `huiyin pack` says of packs and site files before they are published: lint, show, diff, explain, and the schemas for editors."""
