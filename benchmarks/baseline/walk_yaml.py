"""A bare walk of libyaml's events, which PyYAML makes one by one: the least that any reader over them does."""

import sys

import yaml

with open(sys.argv[1], "rb") as file:
    for _ in yaml.parse(file, Loader=yaml.CLoader):
        pass
