"""Effects: one module each, found by ``registry``. See ``base`` for how to write one."""
