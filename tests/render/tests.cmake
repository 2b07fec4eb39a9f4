# weigh_test(render FILES … ROOMS …)
