"""The explorer on a terminal: thin screens over one session; all content comes from `explorer.view.explore`.

app  the program     theme  colours and styles     lines, chart  the widgets     explore, start, compare,
dialogs  the screens. No state of the session is kept in a widget.
"""
