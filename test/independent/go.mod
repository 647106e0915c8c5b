module sallyport.example/independent

go 1.25.0

// Earlier versions take some tiles for authenticated that are not (CVE-2026-56865).
require golang.org/x/mod v0.40.0
