# weigh_test(model FILES … ROOMS …)
