/**
 * The model of a name that stands in the page: the youngest, for Bokeh forgets half a minute later what another day took
 * the place of, and does not tell such from those that stand.
 */
function named(document, name) {
  let found = null;
  for (const model of document._all_models.values()) {
    if (model.name === name) found = model;
  }
  return found;
}
