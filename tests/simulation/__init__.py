"""A whole site on a virtual machine: seeded scheduling, a network and disks that fail, and truths to compare with."""
