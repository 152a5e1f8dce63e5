"""Files in and out: hostile images and URLs, video, sound files, marks."""
