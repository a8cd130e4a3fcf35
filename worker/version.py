"""The version of this distribution."""

from importlib.metadata import version

SOFTWARE_VERSION = version("opportune")
