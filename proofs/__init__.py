"""Does the machine keep its promises, and do these policies come up with each other."""
