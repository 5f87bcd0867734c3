"""The explorer as lines of text with roles: pure functions of a session, for screens, text and pictures.

spans  what a line is     chart  the only sequence chart     panes, states, axis  what stands beside it
page   a whole page of them
"""
