"""offswitch measures whether an AI agent lets itself be stopped, corrected or replaced."""
