"""The explorer on a terminal: thin screens over one session; all content comes from `explorer.view.explore`.

app  the program     theme  colours and styles     lines, chart  the widgets     explore, start,
dialogs  the screens     layout  which panes stand where. No state of the session is kept in a widget.
"""
