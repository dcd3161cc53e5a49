"""The vendors of the pretend world, one file each."""
