# Writes tests/metafor.csv: what metafor computes for known data and for odd ones.
# Rscript tests/metafor.R > tests/metafor.csv
suppressMessages(library(metafor))
version <- paste("metafor", packageVersion("metafor"))
text <- function(x) paste(ifelse(is.na(x), "-", sprintf("%.12g", x)), collapse = " ")
cat("case,measure,data,function,arguments,call,version,values\n")
seen <- ""
say <- function(case, measure, data, fun, args, call, values) {
  known <- paste(case, measure); data <- if (known == seen) "" else data; seen <<- known
  values <- paste(names(values), sapply(values, text), sep = "=", collapse = "; ")
  cat(sprintf('%s,%s,"%s",%s,%s,"%s",%s,"%s"\n', case, measure, data, fun, args,
              gsub('"', "'", call), version, values)) }
pools <- function(case, measure, data, d, ways) for (way in ways) {
  m <- way[1]; test <- if (way[2] == "Wald") "z" else "knha"; s <- max(var(d$yi), median(d$vi))
  tight <- list(threshold = 1e-13 * s, maxiter = 5000, tol = 1e-14 * s, tau2.max = 1e4 * max(s, d$vi))
  r <- suppressWarnings(rma(yi, vi, data = d, method = if (m == "fixed") "EE" else m, test = test, control = tight))
  v <- list(effect = r$beta[1], standard_error = r$se, low = r$ci.lb, upp = r$ci.ub, p_value = r$pval,
            q = r$QE, q_p = r$QEp, i2 = r$I2, h2 = r$H2, weight = weights(r))
  if (m != "fixed") {
    tight[c("threshold", "tau2.max")] <- list(NULL, 1e6 * max(s, d$vi))
    q <- suppressWarnings(confint(r, control = tight))$random["tau^2", ]; p <- predict(r); k <- r$k
    v <- c(v, list(tau2 = r$tau2, tau2_lower = q[[2]], tau2_upper = q[[3]]))
    if (k > 2) v <- c(v, list(prediction = c(p$pi.lb, p$pi.ub))) }
  say(case, measure, data, "pool", paste(way, collapse = " "),
      sprintf('rma(yi, vi, method="%s", test="%s")', if (m == "fixed") "EE" else m, test), v) }
every <- list(c("REML", "Hartung-Knapp"), c("REML", "Wald"), c("PM", "Hartung-Knapp"), c("PM", "Wald"),
              c("DL", "Hartung-Knapp"), c("DL", "Wald"), c("fixed", "Wald"))
some <- every[c(1, 4, 6)]
sizes <- function(case, measure, d, data, ways = some) {
  say(case, measure, data, "effect_sizes", "", sprintf('escalc(measure="%s"%s)', measure, if (measure %in% c("RR", "OR")) ", drop00=TRUE" else ""),
      list(effect = d$yi, standard_error = sqrt(d$vi)))
  pools(case, measure, data, d[!is.na(d$yi), ], ways) }
events <- function(case, measure, a, n1, c, n2, ways = some, more = "") {
  d <- suppressWarnings(escalc(measure, ai = a, n1i = n1, ci = c, n2i = n2, drop00 = measure != "RD"))
  sizes(case, measure, d, paste0(a, "/", n1, " ", c, "/", n2, more, collapse = "; "), ways); d }
means <- function(case, measure, m1, s1, n1, m2, s2, n2, ways = some) {
  d <- escalc(measure, m1i = m1, sd1i = s1, n1i = n1, m2i = m2, sd2i = s2, n2i = n2)
  sizes(case, measure, d, paste0(m1, ",", s1, ",", n1, " ", m2, ",", s2, ",", n2, collapse = "; "), ways) }
effects <- function(case, yi, vi, ways = every) {
  pools(case, "MD", paste0(sprintf("%.12g,%.12g", yi, vi), collapse = "; "),
        data.frame(yi, vi), ways) }
if (!interactive() && !exists("apart")) {
b <- dat.bcg
more <- paste0(" |", b$ablat, " ", b$alloc, " ", b$year)
d <- with(b, events("bcg", "RR", tpos, tpos + tneg, cpos, cpos + cneg, every, more))
d <- cbind(d, b[c("ablat", "alloc", "year")]); f <- list(threshold = 1e-14, maxiter = 5000)
r <- rma(yi, vi, data = d, control = f); l <- leave1out(r); o <- order(d$year)
say("bcg", "RR", "", "leave_one_out", "", "leave1out(rma(yi, vi))", list(effect = l$estimate, tau2 = l$tau2, i2 = l$I2, q = l$Q))
u <- cumul(r, order = d$year)
say("bcg", "RR", "", "cumulative", "year", "cumul(rma(yi, vi), order=year)", list(effect = u$estimate[-1], tau2 = u$tau2[-1]))
g <- lapply(split(d, d$alloc), function(x) rma(yi, vi, data = x, control = f))
e <- sapply(g, function(x) x$beta[1]); s <- sapply(g, function(x) x$se); w <- rma(e, s^2, mods = ~ factor(names(g)), method = "FE")
say("bcg", "RR", "", "subgroups", "alloc", "rma(b, se^2, mods=~alloc, method='FE') of rma of each",
    list(effect = e, between_q = rep(w$QM, 3), between_p = rep(w$QMp, 3)))
for (t in c("knha", "z")) { r <- rma(yi, vi, mods = ~ ablat, data = d, test = t, control = f)
  say("bcg", "RR", "", "meta_regression", if (t == "z") "Wald" else "Hartung-Knapp", sprintf("rma(yi, vi, mods=~ablat, test='%s')", t),
      list(estimate = r$beta[, 1], standard_error = r$se, pvalue = r$pval, ci_low = r$ci.lb, tau2 = rep(r$tau2, 2))) }
e <- regtest(d$yi, d$vi, model = "lm")
say("bcg", "RR", "", "asymmetry", "", "regtest(yi, vi, model='lm')", list(t = e$zval, p_value = e$pval))
for (m in c("OR", "RD")) with(b, events("bcg", m, tpos, tpos + tneg, cpos, cpos + cneg))
with(dat.collins1985b, events("collins1985b", "OR", pre.xti, pre.nti, pre.xci, pre.nci))
for (m in c("RR", "OR", "RD")) with(dat.nielweise2007, events("nielweise2007", m, ai, n1i, ci, n2i))
with(dat.hine1989, events("hine1989", "RD", ai, n1i, ci, n2i))
for (m in c("MD", "SMD", "ROM")) with(dat.normand1999, means("normand1999", m, m1i, sd1i, n1i, m2i, sd2i, n2i))
with(dat.curtis1998, means("curtis1998", "ROM", m1i, sd1i, n1i, m2i, sd2i, n2i))
# Its restricted likelihood has a maximum at zero and a higher one far from it.
with(dat.gibson2002[1:13, ], means("gibson2002 two maxima", "MD", m1i, sd1i, n1i, m2i, sd2i, n2i, every[1:2]))
with(dat.gibson2002[1:12, ], means("gibson2002", "SMD", m1i, sd1i, n1i, m2i, sd2i, n2i))
with(dat.raudenbush1985, effects("raudenbush1985", yi, vi, some))
events("zero cells", "OR", c(0, 3, 0, 10), c(20, 30, 15, 10), c(4, 0, 0, 10), c(22, 31, 15, 10))
effects("identical", rep(0.3, 4), c(0.1, 0.2, 0.3, 0.4), every[c(2, 6, 7)])
effects("huge variances", c(-0.2, 0.5, 1e4, 0.1), c(0.04, 0.09, 1e12, 1e8))
effects("tiny effects", c(1e-5, 4e-5, -2e-5, 3e-5), c(1e-10, 2e-10, 1e-10, 3e-10))
effects("two trials", c(0.1, 0.9), c(0.02, 0.03))
}
