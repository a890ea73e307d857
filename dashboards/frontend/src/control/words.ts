// The server's answers that the control room reads, in one place.

import type { CheckOut } from "../wire/answers";

export type {
  AccountOut,
  AlertOut as AlertRow,
  AlertsOut as AlertsPage,
  AuditEntryOut,
  AuditOut,
  CheckOut,
  ClassOut,
  ImportedOut,
  LeaderboardOut,
  MemberOut,
  MeOut,
  OrderOut,
  ParticipantOut,
  ParticipantsOut,
  PositionOut,
  ReportRunOut,
  ReportsOut,
  ScenarioOut,
  SessionOut,
  SessionsOut,
  StandingOut,
  StoredOut,
  TradeOut as TradeRow,
  TradesOut as TradesPage,
} from "../wire/answers";

/** A setting of a scenario, as an override says it. */
export type Setting = CheckOut["settings"][string];
