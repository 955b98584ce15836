"""What tasks.py and the tests share: servers, deploy, the catalogue, lint."""
