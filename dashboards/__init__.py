"""The pages of the workbench: what they are made of, and how they are served and signed in to."""
