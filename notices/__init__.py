"""The notices of third parties whose work an image of this service holds."""
