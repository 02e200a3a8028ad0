"""Extensions of Sphinx: directives that print what analysis holds, and the pages of the reference."""
