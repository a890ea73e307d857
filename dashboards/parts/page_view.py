"""A page as Panel serves it: one component whose program is fetched from an address of its own.

The program is a bundle of some hundred kilobytes. The document holds the two lines that fetch it; the browser
keeps the rest.
"""

from __future__ import annotations

FETCH = """\
const fetched = (model) => import(new URL(model.script, document.baseURI).href);
export const render = async (context) => (await fetched(context.model)).render(context);
"""
