import t from 'tap'
import { countWatches, parseRequestCounts, requestFigures } from '../../bench/request-counts.ts'

const metrics = (posts: number) => `# TYPE apiserver_request_total counter
apiserver_request_total{code="201",component="apiserver",group="apps",resource="deployments",subresource="",verb="POST"} ${posts}
apiserver_request_total{code="200",resource="topictens",subresource="status",verb="PATCH",dry_run=""} 4
apiserver_request_total{code="409",resource="deployments",subresource="",verb="PATCH"} 1
apiserver_request_total{code="200",resource="deployments",subresource="",verb="WATCH"} 9
apiserver_request_total{code="201",resource="topictens",subresource="",verb="POST"} 2
other_total{verb="POST"} 5
`

t.test('requests are counted by verb, resource and code, watches left out', async t => {
  t.strictSame([...parseRequestCounts(metrics(3))], [
    ['POST deployments 201', 3], ['PATCH topictens/status 200', 4], ['PATCH deployments 409', 1], ['POST topictens 201', 2]
  ])
})

t.test('figures are what came in between; a conflict is no write', async t => {
  t.strictSame(requestFigures(parseRequestCounts(metrics(1)), parseRequestCounts(metrics(3).replace(/ 4$/m, ' 8')), 2), {
    'Deployment writes, each': 1, 'status writes, each': 2, conflicts: 0, 'requests PATCH topictens/status 200': 4, 'requests POST deployments 201': 2
  })
})

t.test('open watches are counted by resource', async t => {
  const running = `apiserver_longrunning_requests{component="apiserver",resource="buckets",subresource="",verb="WATCH"} 1
apiserver_longrunning_requests{component="apiserver",resource="keys",subresource="",verb="WATCH"} 2
apiserver_longrunning_requests{component="apiserver",resource="pods",subresource="exec",verb="CONNECT"} 1
apiserver_longrunning_requests{component="apiserver",resource="pods",subresource="",verb="WATCH"} 4
`
  t.equal(countWatches(running, ['buckets', 'keys']), 3)
})
