# weigh_test(bytes FILES … ROOMS …)
