"""`python3 -m app bench`: what this machine does with real processes and real disks, each figure beside its floor."""
