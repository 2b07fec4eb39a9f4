# weigh_test(cli FILES … ROOMS …)
