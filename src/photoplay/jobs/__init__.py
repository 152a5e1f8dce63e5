"""Jobs: the domain. A job is one clip asked for."""
