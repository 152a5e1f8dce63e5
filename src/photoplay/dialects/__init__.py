"""The wire APIs photoplay speaks, a folder each."""
