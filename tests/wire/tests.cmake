# weigh_test(wire FILES … ROOMS …)
