/* Numbers below 0 in charts with a minus sign, as wide as a digit, where Bokeh's formats write a hyphen. */

const HYPHENS = /(^|[>\s(])-(?=[\d.])/g;

/** Have all formats of numbers of this page's Bokeh write it: of axes, of tooltips, and of tables. */
function writeMinusSigns(bokeh) {
  const minus = (text) => text.replace(HYPHENS, "$1\u2212");
  const after = (owner, name, change) => {
    const before = owner[name];
    owner[name] = function (...given) {
      return change(before.apply(this, given));
    };
  };
  const { NumeralTickFormatter } = bokeh.require("models/formatters/numeral_tick_formatter");
  const { DEFAULT_FORMATTERS } = bokeh.require("core/util/templating");
  if (NumeralTickFormatter.writesMinus) return;
  NumeralTickFormatter.writesMinus = true;
  after(NumeralTickFormatter.prototype, "doFormat", (texts) => texts.map(minus));
  after(DEFAULT_FORMATTERS, "numeral", minus);
  try {
    after(bokeh.require("models/widgets/tables/cell_formatters").NumberFormatter.prototype, "doFormat", minus);
  } catch (error) {
    // A page may be without tables of Bokeh's own.
    if (error.code !== "MODULE_NOT_FOUND") throw error;
  }
}
