"""The pages' front end: TypeScript in `src`, and what Python makes and knows of it."""
