"""Pictures of a diagnosis, for places where people would rather look than read; drawn as SVG, shown as PNG or SVG.

Each module draws one: :mod:`path`, :mod:`reasoning`, :mod:`ways`, :mod:`recording`, :mod:`ticket`. All are pure
functions from a diagnosis to a :class:`bot.pictures.picture.Picture`.
"""
