"""Several photos as one scene: who stands in it, where, in what light; each subject a layer of its own."""
