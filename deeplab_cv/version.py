"""The program's own version, for whoever needs that alone: the package's face imports what lies above."""

VERSION = "0.1.0"
