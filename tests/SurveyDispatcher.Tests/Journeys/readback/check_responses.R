# Reads the package as docs/exports.md says, and checks what R makes of it.
r <- read.csv("responses.csv", fileEncoding = "UTF-8-BOM", na.strings = "", colClasses = c(case_id = "character", dealer_code = "character"))
r$event_date <- as.Date(r$event_date)
r$completed_at_utc <- as.POSIXct(sub(":(\\d\\d)$", "\\1", r$completed_at), format = "%Y-%m-%dT%H:%M:%S%z", tz = "UTC")

stopifnot(
  names(r)[1] == "case_id",
  nrow(r) == 3,
  identical(r$dealer_code, c("0007", "0010", "0042")),
  is.integer(r$overall), identical(r$overall, c(5L, NA, 1L)),
  is.character(r$gender), identical(r$gender, c("female", "no_answer", "male")),
  r$event_date[1] == as.Date("2026-02-10"),
  format(r$completed_at_utc[1], "%Y-%m-%d %H:%M:%S") == "2026-03-02 23:30:00",
  r$comments[1] == "\u4ed6\u8bf4 \"\u5f88\u597d\", \u8c22\u8c22\u3002\n\u7b2c\u4e8c\u884c",
  is.na(r$still_owns[1]), r$work_done[3] == "maintenance|repair"
)
i <- read.csv("interviews.csv", fileEncoding = "UTF-8-BOM", na.strings = "", colClasses = c(case_id = "character", dealer_code = "character"))
stopifnot(nrow(i) == 5, i$minutes[3] == 1.58, is.integer(i$duplicate_of), sum(i$counted == "Y") == 3)
o <- read.csv("outcomes.csv", fileEncoding = "UTF-8-BOM", na.strings = "", colClasses = c(dealer_code = "character"))
all <- o[is.na(o$market), ]
stopifnot(nrow(all) == 1, all$i == 3, abs(all$rr3 - 3 / (5 + 5 / 6)) < 1e-6)
print(table(r$overall))
