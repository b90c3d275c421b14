"""The fault runner: breaks a real hub under load and checks from outside that nothing is lost or doubled."""
