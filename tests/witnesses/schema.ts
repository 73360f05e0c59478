// What a Grafana dashboard is, by Grafana's own schema: the test puts packaging/monitoring/dashboard.json after these lines
// and has the compiler look at it. Enumerations are written as their values in JSON.
import type { Dashboard, Panel, RowPanel } from '@grafana/schema';
import type { Options as BarGauge } from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type { Options as Stat } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as StateTimeline } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as Table } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as TimeSeries } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Plain<T> = unknown extends T ? T
  : T extends string ? `${T}`
  : T extends object ? { [K in keyof T]: Plain<T[K]> }
  : T;
type Of<Type extends string, Options> = Omit<Plain<Panel>, 'type' | 'options'> & { type: Type; options: Plain<Partial<Options>> };
type Known = Of<'bargauge', BarGauge> | Of<'stat', Stat> | Of<'state-timeline', StateTimeline> | Of<'table', Table> |
  Of<'timeseries', TimeSeries> | Plain<RowPanel>;

export const dashboard: Omit<Plain<Dashboard>, 'panels'> & { panels: Known[] } =
