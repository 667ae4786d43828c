"""The operator's command line of Huiyin: keys, sites, stories, replay, demo. The only package that may import services."""
