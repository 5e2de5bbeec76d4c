import { LineChart } from '@mui/x-charts/LineChart'
import type { Load } from '../api/client'
import * as format from '../format'
import { texts } from '../texts'

export default function RateChart({ rates }: { rates: Load['rates'] }) {
  return (
    <LineChart
      height={200}
      skipAnimation
      hideLegend
      margin={{ left: 8, right: 24, top: 16, bottom: 8 }}
      xAxis={[{ data: rates.map((rate) => rate.seconds), min: 0, valueFormatter: (seconds: number) => format.clock(seconds) }]}
      yAxis={[{ min: 0, width: 64, valueFormatter: (rate: number) => format.rows(rate) }]}
      series={[
        {
          data: rates.map((rate) => rate.rows_a_second),
          label: texts.run.rate,
          showMark: false,
          area: true,
          valueFormatter: (rate) => format.rows(rate ?? 0),
        },
      ]}
      sx={{ '& .MuiAreaElement-root': { opacity: 0.15 } }}
    />
  )
}
