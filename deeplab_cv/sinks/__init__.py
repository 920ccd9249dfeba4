"""Where pictures, masks and figures go: one file per kind of sink."""
