// The styles of all panels, in one text for the page's shadow root.
import account from "./account/account.css";
import chart from "./chart/chart.css";
import ladder from "./ladder/ladder.css";
import leaders from "./leaders/leaders.css";
import news from "./news/news.css";
import orders from "./orders/orders.css";
import positions from "./positions/positions.css";
import tape from "./tape/tape.css";
import ticket from "./ticket/ticket.css";
import watch from "./watch/watch.css";

export const panelStyles = [account, chart, ladder, leaders, news, orders, positions, tape, ticket, watch].join("\n");
