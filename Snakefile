"""From recordings to the page: snakemake --cores all --configfile my_study/study.yaml."""


include: "workflow/Snakefile"


workflow.default_target = "all"  # an included file cannot say so
