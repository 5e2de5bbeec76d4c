import { useTheme } from '@mui/material/styles'
import { LineChart, lineClasses } from '@mui/x-charts/LineChart'
import type { Load } from '../api/client'
import * as format from '../format'
import { texts } from '../texts'

export default function RateChart({ rates }: { rates: Load['rates'] }) {
  const { vars, palette } = useTheme()
  return (
    <LineChart
      height={200}
      skipAnimation
      hideLegend
      colors={[(vars ?? { palette }).palette.primary.main]}
      margin={{ left: 8, right: 24, top: 16, bottom: 8 }}
      xAxis={[
        {
          data: rates.map((rate) => rate.seconds),
          min: 0,
          tickMinStep: 1,
          valueFormatter: (seconds: number) => format.clock(seconds),
        },
      ]}
      yAxis={[{ min: 0, width: 72, valueFormatter: (rate: number) => format.rows(rate) }]}
      series={[
        {
          data: rates.map((rate) => rate.rows_a_second),
          label: texts.run.rate,
          curve: 'linear',
          showMark: false,
          area: true,
          valueFormatter: (rate) => format.rows(rate ?? 0),
        },
      ]}
      sx={{ [`& .${lineClasses.area}`]: { opacity: 0.15 } }}
    />
  )
}
