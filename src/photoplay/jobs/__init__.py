"""Jobs: the domain and its durable life. The way in is :class:`photoplay.jobs.runtime.Runtime`."""
