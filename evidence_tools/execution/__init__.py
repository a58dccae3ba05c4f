"""Run chapters and keep what they print, without knowing Sphinx.

A kernel imports parts of this package, so nothing heavy is imported here.
"""
