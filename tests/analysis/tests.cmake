# weigh_test(analysis FILES … ROOMS …)
